/// What can go wrong when images or groups are compared.
public enum EvaluationError: Error, Equatable {
}
