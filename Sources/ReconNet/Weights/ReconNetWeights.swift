/// The weights of ``ReconNet3D``: every block ends with the samples of the one channel that it sees.
public typealias ReconNetWeights = CascadeWeights<DataConsistency>

/// The weights of ``ReconNetSENSE``: every block ends with the samples of all channels.
public typealias ReconNetSENSEWeights = CascadeWeights<ConsistencyWeight>
