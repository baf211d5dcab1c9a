/// What can go wrong between phase and susceptibility.
public enum QSMError: Error, Equatable {
}
