/// The settings by which FIRE starts the server in a chroot image.
public enum FIRESettings {
  /// The settings, as a file of FIRE.
  ///
  /// - Parameter port: The port that the server listens at.
  public static func text(port: Int) -> String {
    """
    [chroot]
    start_chroot = true
    chroot_image_path = /opt/medcom/MriCustomer/ice/fire/chroot
    chroot_image_name = kspace.img
    chroot_command = /opt/kspace/kspace serve --port \(port) --save /tmp/share
    chroot_search_string = listening at 127.0.0.1, port \(port)
    chroot_stop_after_finish = true
    chroot_allowable_residual_memory_usage = 20

    """
  }
}
