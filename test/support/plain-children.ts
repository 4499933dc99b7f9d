// Imported before each test file (see `tap` in package.json): the processes that a test starts run as they would anywhere
// else. tap gives each of them a loader that counts coverage. It doubles the time of a start, and has a thread of its own,
// because of which a process of Node 20 sometimes hangs before its first line.
import processOnSpawn from 'process-on-spawn'

const OPTIONS = 'NODE_OPTIONS'
const { _TAPJS_PROCESSINFO_COVERAGE_: countsCoverage } = process.env
if (countsCoverage !== '1') {
  // tap's is the only listener. It adds the loader to the options of each process.
  processOnSpawn.removeAllListeners()
  const loader = /"?--import=[^"\s]*@tapjs\/processinfo\/[^"\s]*"?/
  const options = process.env[OPTIONS]?.replace(loader, '').trim()
  if (options) process.env[OPTIONS] = options
  else delete process.env[OPTIONS]
}
