/** Where the files of the walk-through are in an object store. */
export interface BucketAddress {
  readonly bucket: string
  /** What the keys start with. Empty, or with a slash at its end. */
  readonly prefix: string
  /** Undefined: that of the environment, or AWS. */
  readonly endpoint: string | undefined
}

/** AWS as a host of one bucket. The requests are signed for the host of the region. */
const HOST_OF_BUCKET = /^(.+)\.s3[.-](?:[\w-]+\.)*amazonaws\.com(?:\.cn)?$/

/**
 * Reads `s3://BUCKET/PREFIX`, as the aws command has it, or `https://ENDPOINT/BUCKET/PREFIX`. Like for that command, a
 * prefix is a folder.
 *
 * @throws RangeError that says what is wrong
 */
export function parseBucketAddress(text: string): BucketAddress {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(text) ?? []
  switch (scheme.toLowerCase()) {
    case 's3': {
      const [, bucket = '', folder = ''] = /^([^/]*)\/?(.*)$/s.exec(rest) ?? []
      return checked({ bucket, prefix: prefixOf(folder), endpoint: undefined })
    }
    case 'http':
    case 'https':
      return ofUrl(text)
    default:
      throw new RangeError('--s3 must be s3://BUCKET/PREFIX or https://ENDPOINT/BUCKET/PREFIX')
  }
}

function ofUrl(text: string): BucketAddress {
  if (!URL.canParse(text)) throw new RangeError('--s3 is not a valid URL')
  const { origin, hostname, pathname, search, hash, username, password } = new URL(text)
  // Such a URL may hold secrets, so it is not repeated.
  if ([search, hash, username, password].join('') !== '')
    throw new RangeError('--s3 takes no query, fragment or password: the keys are in AWS_ACCESS_KEY_ID, …')
  const [, ownHost] = HOST_OF_BUCKET.exec(hostname) ?? []
  if (ownHost !== undefined) throw new RangeError(`--s3: write s3://${ownHost}${pathname} and set AWS_REGION`)
  const [, bucket = '', folder = ''] = /^\/([^/]*)\/?(.*)$/.exec(decoded(pathname)) ?? []
  return checked({ bucket, prefix: prefixOf(folder), endpoint: origin })
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new RangeError('--s3 has a % that encodes no character')
  }
}

function prefixOf(folder: string): string {
  return folder === '' || folder.endsWith('/') ? folder : `${folder}/`
}

function checked(address: BucketAddress): BucketAddress {
  if (address.bucket === '') throw new RangeError('--s3 names no bucket')
  return address
}

/** The address as the aws command has it. */
export function spelledForAws({ bucket, prefix }: BucketAddress): string {
  return `s3://${bucket}/${prefix}`
}
