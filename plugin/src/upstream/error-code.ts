/** The part of the body of an error that is read, in bytes. The code stands near its start. */
export const MAX_ERROR_BYTES = 4096

// A parser of XML is not worth a dependency: one element is read, whose content has letters and digits only. It is used
// in comparisons and in the log, and never sent.
const CODE_ELEMENT = /<Code>\s*([A-Za-z][A-Za-z0-9.]{0,99})\s*<\/Code>/

/** The code of an error of a store: the `Code` element of its body, which S3, Azure and GCS have in common. */
export function errorCodeOf(body: string): string | undefined {
  return CODE_ELEMENT.exec(body)?.[1]
}

const SIZE_ELEMENT = /<ActualObjectSize>(\d{1,16})<\/ActualObjectSize>/

/** The size of the object, from the body of a 416 of S3, which has no Content-Range. */
export function actualSizeOf(body: string): number | undefined {
  const size = Number(SIZE_ELEMENT.exec(body)?.[1])
  return Number.isSafeInteger(size) ? size : undefined
}
