benchmarkFourierTransform()
