/// What a voxel of the numerical head is made of; the raw values are the numbers of the label map.
public enum Tissue: UInt8, Sendable, CaseIterable {
  /// The surroundings, the sinuses and the airways.
  case air = 0
  /// Skin, muscle and fat outside the skull.
  case softTissue = 1
  /// Skull and skull base.
  case bone = 2
  /// The fluid around the brain, in its sulci and in its ventricles.
  case cerebrospinalFluid = 3
  /// White matter of brain, brainstem and cerebellum.
  case whiteMatter = 4
  /// Cortex of brain and cerebellum.
  case greyMatter = 5
  /// Venous blood.
  case blood = 6
  /// Thalamus.
  case thalamus = 7
  /// Dentate nucleus of the cerebellum.
  case dentateNucleus = 8
  /// Caudate nucleus (Ca).
  case caudateNucleus = 11
  /// Putamen (Pu).
  case putamen = 12
  /// External part of the globus pallidus (GPe).
  case globusPallidusExterna = 13
  /// Internal part of the globus pallidus (GPi).
  case globusPallidusInterna = 14
  /// Reticular part of the substantia nigra (SNr).
  case substantiaNigraReticulata = 15
  /// Compact part of the substantia nigra (SNc).
  case substantiaNigraCompacta = 16
  /// Red nucleus (RN).
  case redNucleus = 17

  /// The seven nuclei whose iron is followed through life.
  public static let ironRichNuclei: [Tissue] = [
    .caudateNucleus, .putamen, .globusPallidusExterna, .globusPallidusInterna, .substantiaNigraReticulata,
    .substantiaNigraCompacta, .redNucleus,
  ]
}

extension Tissue {
  /// The tissue at 3 T in a subject of 44 years.
  ///
  /// Susceptibilities are those of the phantom of the second QSM challenge, whose pallidum (0.1305 ppm) and
  /// substantia nigra (0.111 ppm) are split into their parts, the putamen raised to its value at 44 years.
  /// Its diamagnetic parts are taken as well. Rates, times and densities are round numbers in the range of the literature.
  ///
  /// - SeeAlso: J. P. Marques et al., "QSM reconstruction challenge 2.0: a realistic in silico head phantom for
  ///   MRI data simulation and evaluation of susceptibility mapping procedures", Magn Reson Med 86:526, 2021,
  ///   doi:10.1002/mrm.28716.
  public var propertiesAt44Years: TissueProperties {
    func tissue(
      _ ppm: Double, _ rate: Double, _ time: Double, _ density: Double, dia: Double = 0
    ) -> TissueProperties {
      TissueProperties(
        susceptibility: ppm, diamagneticSusceptibility: dia, transverseRelaxationRate: rate,
        longitudinalRelaxationTime: time, protonDensity: density)
    }
    //                                       chi [ppm]  R2* [1/s]  T1 [s]  density  diamagnetic [ppm]
    return switch self {
    case .air: tissue(9.2, 500, 1, 0)
    case .softTissue: tissue(0, 35, 1.1, 0.75)
    case .bone: tissue(-2.1, 300, 0.4, 0.12)
    case .cerebrospinalFluid: tissue(0.019, 3, 4, 1)
    case .whiteMatter: tissue(-0.030, 20.5, 0.86, 0.70, dia: -0.0359)
    case .greyMatter: tissue(0.020, 17, 1.35, 0.82, dia: -0.0192)
    case .blood: tissue(0.190, 60, 1.7, 0.80)
    case .thalamus: tissue(0.020, 21, 1.15, 0.80, dia: -0.0309)
    case .dentateNucleus: tissue(0.152, 30, 1.05, 0.79, dia: -0.0164)
    case .caudateNucleus: tissue(0.044, 21.5, 1.27, 0.82, dia: -0.0087)
    case .putamen: tissue(0.055, 25, 1.19, 0.82, dia: -0.0091)
    case .globusPallidusExterna: tissue(0.140, 38, 0.93, 0.79, dia: -0.0132)
    case .globusPallidusInterna: tissue(0.121, 36, 0.93, 0.79, dia: -0.0132)
    case .substantiaNigraReticulata: tissue(0.125, 36, 1.05, 0.80, dia: -0.0114)
    case .substantiaNigraCompacta: tissue(0.097, 32, 1.05, 0.80, dia: -0.0114)
    case .redNucleus: tissue(0.100, 32, 0.95, 0.79, dia: -0.0109)
    }
  }

  /// How the susceptibility changes with age, and how much people of one age differ.
  ///
  /// ```
  /// chi(age) = chi(44) + slope (age - 44) + N(0, deviation)      slope [ppm/year], deviation [ppm]
  /// ```
  ///
  /// Over ages spread evenly from 18 to 75 years the numbers give a correlation with age of about 0.64 in the
  /// putamen, 0.41 in the red nucleus, 0.31 in the compact nigra, 0.28 in the caudate, and less elsewhere.
  public var aging: (slope: Double, deviation: Double) {
    switch self {
    case .putamen: (0.55e-3, 11e-3)
    case .redNucleus: (0.60e-3, 22e-3)
    case .substantiaNigraCompacta: (0.40e-3, 20e-3)
    case .caudateNucleus: (0.25e-3, 14e-3)
    case .globusPallidusExterna: (0.20e-3, 22e-3)
    case .globusPallidusInterna: (0.15e-3, 22e-3)
    case .substantiaNigraReticulata: (0.25e-3, 25e-3)
    default: (0, 0)
    }
  }

  /// Whether the tissue belongs to the brain and its inner fluid spaces, where it lies inside the skull.
  var isParenchyma: Bool { rawValue >= Tissue.whiteMatter.rawValue && self != .blood }
}
