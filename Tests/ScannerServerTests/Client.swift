import TestSupport

/// A client of other authors: the classes of the Python package ismrmrd.
enum Client {
  /// Sends a stream's file, and gathers what comes back as `images[series] = [(header, meta, data), ...]` and `texts`.
  static let script = """
    import sys, json, socket, threading, glob
    import numpy as np, nibabel as nib, ismrmrd
    from ismrmrd.serialization import ProtocolSerializer, ProtocolDeserializer, ConfigFile

    def talk(port, path, config='reconstruct', parameters=None):
        sock = socket.create_connection(('127.0.0.1', port))
        stream = sock.makefile('rwb')
        images, texts = {}, []
        def listen():
            for item in ProtocolDeserializer(stream).deserialize():
                if isinstance(item, ismrmrd.Image):
                    meta = ismrmrd.Meta.deserialize(item.attribute_string)
                    images.setdefault(item.image_series_index, []).append((item.getHead(), meta, item.data[0, 0]))
                else:
                    texts.append(str(item).rstrip(chr(0)))
        listener = threading.Thread(target=listen)
        listener.start()
        out = ProtocolSerializer(stream)
        out.serialize(ConfigFile(config))
        for item in ProtocolDeserializer(path).deserialize():
            out.serialize(item)
            if isinstance(item, ismrmrd.xsd.ismrmrdHeader) and parameters:
                out.serialize(json.dumps({'parameters': parameters}))
        out.close()
        listener.join()
        sock.close()
        return images, texts

    def nifti(pattern):
        (name,) = glob.glob(pattern)
        return nib.load(name)

    def volumes(images, count):
        # [volume, z, y, x]
        data = np.array([image[2] for image in images])
        return data.reshape(count, -1, *data.shape[1:])
    """

  /// Runs a script after the client's definitions.
  static func run(_ body: String, _ arguments: String...) throws -> String {
    try Python.run(script + "\n" + body, arguments: arguments)
  }
}
