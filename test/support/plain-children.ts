// Imported before each test file (see `tap` in package.json): the processes that a test starts run as they would anywhere
// else. Where tap counts coverage, or has another reporter, it gives each of them a loader. This doubles the time of a start,
// and has a thread of its own, because of which a process of Node 20 sometimes hangs before its first line.
import { withoutLoader } from './without-loader.ts'

const OPTIONS = 'NODE_OPTIONS'
const { _TAPJS_PROCESSINFO_COVERAGE_: countsCoverage } = process.env
if (countsCoverage !== '1') {
  // tap's is the only listener. It adds the loader to the options of each process. Without the loader it has no listener.
  if (process.execArgv.some((argument) => withoutLoader(argument) !== argument)) {
    const { default: processOnSpawn } = await import('process-on-spawn')
    processOnSpawn.removeAllListeners()
  }
  const options = withoutLoader(process.env[OPTIONS] ?? '')
  if (options) process.env[OPTIONS] = options
  else delete process.env[OPTIONS]
}
