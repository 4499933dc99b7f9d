import { pureFilesOf } from '../support/wings.ts'

/** The rooms that decide: values in, values out. Every line and every branch of them is to run in a test. */
export const PURE_ROOMS: readonly string[] = [
  'plugin/src/body-count.ts',
  'plugin/src/compact-ranges.ts',
  'plugin/src/connection-fields.ts',
  'plugin/src/content-coding.ts',
  'plugin/src/content-disposition.ts',
  'plugin/src/decision.ts',
  'plugin/src/entity-tag.ts',
  'plugin/src/field-value.ts',
  'plugin/src/http-date.ts',
  'plugin/src/media-type.ts',
  'plugin/src/multipart.ts',
  'plugin/src/nearby-reads.ts',
  'plugin/src/option-checks.ts',
  'plugin/src/options.ts',
  'plugin/src/preconditions.ts',
  'plugin/src/range-set.ts',
  'plugin/src/refusal.ts',
  'plugin/src/request-spelling.ts',
  'plugin/src/resolve-path.ts',
  'plugin/src/route-parameters.ts',
  ...pureFilesOf('demo-client').map((name) => `demo-client/src/${name}`),
  'demo-client/src/disk/write-sizes.ts',
]
