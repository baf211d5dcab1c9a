import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// Maps beside the echoes that are not what they are given as.
struct QSMDoubtTests {
  /// What a map of R2 may be instead.
  enum Fault: String, CaseIterable {
    case seconds, milliseconds, perMillisecond, negative, zero
  }

  @Test("a map that is none of R2 is refused by its median", arguments: Fault.allCases)
  func irreversible(_ fault: Fault) throws {
    let scene = try QSMScene()
    try scene.write()
    let mask = try NIfTIFile(at: scene.mask).volumes(scaling: .applied)
    // White matter: 12 /s.
    let value: Float =
      switch fault {
      case .seconds: 1 / 12
      case .milliseconds: 1000 / 12
      case .perMillisecond: 0.012
      case .negative: -12
      case .zero: 0
      }
    try NIfTIFile.write(mask.map { _ in value }, to: scene.folder.path("r2.nii"))
    let result = try scene.runFast("out", "--separate", "--r2", "r2.nii")
    #expect(result.status == 3 && result.errors.contains("The map of R2 has a median"), "\(result.errors)")
  }

  @Test("a map of R2 is used as it is")
  func goodRates() throws {
    let scene = try QSMScene()
    try scene.write()
    let mask = try NIfTIFile(at: scene.mask).volumes(scaling: .applied)
    try NIfTIFile.write(mask.map { _ in Float(12) }, to: scene.folder.path("r2.nii"))
    let result = try scene.runFast("out", "--separate", "--r2", "r2.nii")
    #expect(result.status == 0, "\(result.errors)")
    // Where R2 is known, the map's zero is found by it; where it is guessed, nothing tells.
    #expect(result.errors.contains("ppb of absolute susceptibility"), "\(result.errors)")
    let record = try String(contentsOfFile: scene.folder.path("out/provenance.json"), encoding: .utf8)
    #expect(record.contains("source separation") && record.contains("intravoxel dephasing"))
    let guessed = try scene.runFast("guessed", "--separate")
    #expect(guessed.status == 0 && guessed.errors.contains("taken for matter without susceptibility"))
  }

  @Test("a stated scale of the phase that the values contradict is refused with the option's name")
  func scale() throws {
    let scene = try QSMScene()
    try scene.write(phase: { $0.map { ($0 * 4095 / .pi).rounded() } })
    for scale in ["radians", "2048", "40960"] {
      let result = try scene.runFast("out", "--phase-scale", scale)
      #expect(result.status == 3 && result.errors.contains("--phase-scale"), "\(scale): \(result.errors)")
    }
  }

  @Test("an echo of the other sign is refused by its number")
  func turnedEcho() throws {
    let scene = try QSMScene()
    try scene.write(phase: { phase in
      var phase = phase
      let volume = phase.geometry.matrix.count
      phase.voxels.withUnsafeMutableBufferPointer { values in
        for index in volume..<2 * volume { values[index].negate() }
      }
      return phase
    })
    let result = try scene.runFast("out")
    #expect(result.status == 3 && result.errors.contains("echo 2 runs against"), "\(result.errors)")
    #expect(result.errors.contains("--phase-sign"), "\(result.errors)")
  }
}
