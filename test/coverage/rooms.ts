import { pureFilesOf } from '../support/wings.ts'

/** The rooms that decide: values in, values out. Every line and every branch of them is to run in a test. */
export const PURE_ROOMS: readonly string[] = [
  'plugin/src/rules/body-count.ts',
  'plugin/src/rules/compact-ranges.ts',
  'plugin/src/rules/connection-fields.ts',
  'plugin/src/rules/content-coding.ts',
  'plugin/src/rules/content-disposition.ts',
  'plugin/src/rules/decision.ts',
  'plugin/src/rules/entity-tag.ts',
  'plugin/src/rules/field-value.ts',
  'plugin/src/rules/http-date.ts',
  'plugin/src/rules/media-type.ts',
  'plugin/src/rules/multipart.ts',
  'plugin/src/sources/nearby-reads.ts',
  'plugin/src/option-checks.ts',
  'plugin/src/options.ts',
  'plugin/src/rules/preconditions.ts',
  'plugin/src/rules/range-set.ts',
  'plugin/src/rules/refusal.ts',
  'plugin/src/rules/request-spelling.ts',
  'plugin/src/rules/resolve-path.ts',
  'plugin/src/rules/route-parameters.ts',
  ...pureFilesOf('demo-client').map((name) => `demo-client/src/${name}`),
  'demo-client/src/disk/write-sizes.ts',
]
