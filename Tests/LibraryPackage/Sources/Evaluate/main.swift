import KSpaceToolkit

let images = try ImagePair(
  "chi.nii.gz", reference: "head_truth/chi.nii.gz", mask: "head_truth/mask.nii.gz",
  labels: "head_truth/labels.nii.gz")
print(try ComparisonReport(images, names: RegionNames(at: "head_truth/labels.tsv")))
