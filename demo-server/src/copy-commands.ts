import type { AccessOptions } from './bucket-access.ts'
import { spelledForAws } from './bucket-address.ts'

/** Which files to copy. */
export interface FilesToCopy {
  readonly folder: string
  readonly names: readonly string[]
}

/** curl before 8.3 signs another path than it sends if the path has characters like these. */
const NEEDS_ENCODING = /[^\w./-]/

/** Commands that copy the files into a bucket, for a shell that has the same environment. None shows a secret. */
export function copyCommands(options: AccessOptions, { folder, names }: FilesToCopy): readonly string[] {
  const { bucket, prefix = '', region, credentials } = options
  const endpoint = options.endpoint === undefined ? undefined : String(options.endpoint)
  const aws = [
    `aws s3 cp --recursive ${quoted(folder)} ${quoted(spelledForAws({ bucket, prefix, endpoint }))}`,
    ...(endpoint === undefined ? [] : [`--endpoint-url ${quoted(endpoint)}`]),
    `--region ${region}`,
  ]
  const base = (endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, '')
  // Its --user takes what is before the first colon for the key. Those of Swift have one.
  if (NEEDS_ENCODING.test(bucket + prefix) || credentials.accessKeyId.includes(':')) return [aws.join(' ')]
  const curl = [
    `(cd ${quoted(folder)} && curl --fail --silent --show-error --aws-sigv4 aws:amz:${region}:s3`,
    '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD"',
    ...(credentials.sessionToken === undefined ? [] : ['-H "x-amz-security-token: $AWS_SESSION_TOKEN"']),
    `-T ${quoted(`{${names.join(',')}}`)} ${quoted(`${base}/${bucket}/${prefix}`)})`,
  ]
  return [aws.join(' '), curl.join(' ')]
}

/** As a shell needs it. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
