// Downloads the URL of its first argument into `file.bin` of its folder, by the slow clock. Its parent kills it.
import { getBySlowClock } from './slow-clock.ts'

const [url = ''] = process.argv.slice(2)
const { message } = await getBySlowClock(url, process.cwd(), { retryDelay: 50, stallTimeout: 5000 })
process.stderr.write(message)
process.exitCode = message === '' ? 0 : 1
