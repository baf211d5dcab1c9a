/// What can go wrong with a network, its weights and its input.
public enum ReconNetError: Error, Equatable {
}
