import KSpaceToolkit

let scan = try KSpace(MRDFile(at: "head.h5"))  // samples[echo, channel, kz, ky, kx], whitened, sorted
let mask = try PoissonDisk(acceleration: 4, calibrationExtent: 16)
  .mask(lines: scan.lines, partitions: scan.partitions, seed: 7)
let fieldMapping = Pipeline(L1WaveletSENSE(), then: MDI())  // channel images, then field [Hz] and R2*
let maps = EchoMaps(try fieldMapping(scan.undersampled(by: mask)))
let brain = try BrainMask(at: "head_truth/mask.nii.gz", on: maps.geometry)
let result = try SusceptibilityMapping()(maps, mask: brain)  // unwrapping, background removal, inversion
try NIfTIFile.write(result.susceptibility, to: "chi.nii.gz")  // [ppm]
