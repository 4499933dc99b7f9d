// What `npm run demo` and `npm start` run.

/**
 * `name` begins its messages. `files` must exist for it to run, the first is its entry point. `values` are its options
 * that take a value, with what the help calls that value; `flags` take none. `--help` is not here: npm shows its own.
 */
export const PROGRAMS = {
  demo: {
    name: 'demo',
    command: 'npm run demo',
    files: ['demo-client/dist/demo.js', 'demo-client/dist/demo-main.js', 'demo-server/dist/main.js'],
    values: { step: 'N', file: 'NAME', out: 'PATH', delay: 'TIME', port: 'N', url: 'URL' },
    flags: ['fresh'],
  },
  start: {
    name: 'demo-server',
    command: 'npm start',
    files: ['demo-server/dist/main.js', 'plugin/dist/index.js'],
    values: { port: 'N', host: 'H', data: 'DIR', s3: 'URL' },
    flags: [],
  },
}
