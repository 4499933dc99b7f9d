// Where range-get prints what programs read, and texts: standard output, unless files go there.
import { isatty } from 'node:tty'
import { DescriptorOutput } from '../stream/descriptor-output.ts'
import { usage } from '../text/argument-values.ts'
import { OutputStream } from './output-stream.ts'

/** The descriptor of standard output. */
const DESCRIPTOR = 1

/** Standard output as what a file is written to. Node's own stream for it is not used, and must not be, at the same time. */
export function fileOutput(): DescriptorOutput {
  return new DescriptorOutput(DESCRIPTOR, 'standard output')
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` if standard output is a terminal: bytes of a file can change how it works */
export function assertNoTerminal(): void {
  if (isatty(DESCRIPTOR))
    throw usage('-o - would write to the terminal: send it elsewhere, such as to | less or > FILE')
}

/** The stream of Node.js for standard output. It is opened only when it is used, because it changes how a pipe works. */
export class LazyStdout {
  readonly #onFailure: (code: string) => void
  #stream: OutputStream | null = null

  constructor(onFailure: (code: string) => void) {
    this.#onFailure = onFailure
  }

  get stream(): OutputStream {
    this.#stream ??= new OutputStream(process.stdout, this.#onFailure)
    return this.#stream
  }
}
