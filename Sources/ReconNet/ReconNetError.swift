/// What can go wrong with a network, its weights and its input: what is wrong, where, and what to do.
public enum ReconNetError: Error, Equatable, CustomStringConvertible {
  /// The weights that come with the package are not where the program runs.
  case noBundledWeights(file: String, searched: [String])
  /// There is no such weights file, or it cannot be read.
  case unreadable(path: String, reason: String)
  /// The file is not safetensors.
  case notSafetensors(path: String, reason: String)
  /// A tensor of a weights file that cannot be used.
  case badTensor(path: String, tensor: String, reason: String)
  /// A tensor that the network needs is absent.
  case missingTensor(path: String, tensor: String)
  /// A tensor that has no place in the network.
  case unexpectedTensor(path: String, tensor: String)
  /// The file describes a network that cannot be run here, or contradicts itself.
  case unsupportedNetwork(path: String, reason: String)
  /// A volume of the scan holds NaN or infinities.
  case notFinite(echo: Int, channel: Int)
  /// The network does not fit into the memory that it may use [bytes].
  case tooLarge(neededBytes: Int, allowedBytes: Int)

  /// One message for the user.
  public var description: String {
    switch self {
    case .noBundledWeights(let file, let searched):
      "The network's weights, KSpaceToolkit_ReconNet.resources/\(file), are not in any of "
        + searched.joined(separator: ", ")
        + ". Keep that folder beside the executable, or name a file with `weights`."
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason)). Check the path and its permissions."
    case .notSafetensors(let path, let reason):
      "\(path): not a safetensors file (\(reason)). Export the weights with Sources/ReconNet/Training/export.py, or "
        + "copy the file again from its source."
    case .badTensor(let path, let tensor, let reason):
      "\(path): tensor \(tensor) \(reason). Export the weights again from the training checkpoint."
    case .missingTensor(let path, let tensor):
      "\(path): tensor \(tensor) is missing. Export all weights of the network, or copy the file again."
    case .unexpectedTensor(let path, let tensor):
      "\(path): tensor \(tensor) has no place in a cascade of 3x3x3 convolutions and data consistency. Export only "
        + "the weights of such a network, without batch normalisation."
    case .unsupportedNetwork(let path, let reason):
      "\(path): \(reason). Export a cascade of blocks of 3x3x3 convolutions, 2 channels in and 2 out."
    case .notFinite(let echo, let channel):
      "Echo \(echo + 1) of channel \(channel + 1) holds numbers that are not finite. Look for NaN in the raw data."
    case .tooLarge(let needed, let allowed):
      "The network needs \(needed / 1_000_000 + 1) MB of memory for this matrix and may use "
        + "\(allowed / 1_000_000) MB. Raise the limit, or use a network with fewer features."
    }
  }
}
