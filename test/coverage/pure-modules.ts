import { PURE_UPSTREAM_FILES, pureFilesOf } from '../support/wings.ts'

/** The modules that decide: values in, values out. Every line and every branch of them is to run in a test. */
export const PURE_MODULES: readonly string[] = [
  ...pureFilesOf('plugin').map((name) => `plugin/src/${name}`),
  ...PURE_UPSTREAM_FILES.map((name) => `plugin/src/${name}`),
  'plugin/src/option-row-types.ts',
  'plugin/src/option-table.ts',
  'plugin/src/files/file-options.ts',
  'plugin/src/settings.ts',
  'plugin/src/sources/grouped-reads.ts',
  ...pureFilesOf('demo-client').map((name) => `demo-client/src/${name}`),
  'demo-client/src/disk/write-sizes.ts',
]
