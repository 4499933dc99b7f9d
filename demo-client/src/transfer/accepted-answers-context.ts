// What receiving the bodies of accepted answers works with.
import type { ByteStore } from '../disk/byte-store.ts'
import type { Answer } from '../http/answer.ts'
import type { MirrorTags } from '../rules/same-file.ts'
import type { Validators } from '../rules/validators.ts'
import type { Pace } from '../schedule/pace.ts'
import type { RangeSupport } from '../schedule/range-support.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { JudgedAnswer } from './fetch-segment.ts'
import type { SegmentReport } from './segment-report.ts'
import type { Server } from './server.ts'
import type { Servers } from './servers.ts'

/** What receiving a body needs, and what it reports to. */
export interface AcceptedAnswersContext {
  readonly store: ByteStore
  readonly schedule: Schedule
  readonly servers: Servers
  readonly mirrorTags: MirrorTags
  readonly ranges: RangeSupport
  readonly pace: Pace
  /** In ms. */
  readonly stallTimeout: number
  /** Called before the first byte of a new version, and of a resumed one. May refuse it by throwing. */
  readonly onVersion: (validators: Validators, answer: Answer) => Promise<void>
  /** Called when ranges are known to work, so that more connections are of use. */
  readonly onRangesWork: () => void
  /** Called with the number of new bytes of each chunk. */
  readonly onBytes: (bytes: number) => void
  readonly onSegment: (report: SegmentReport) => void
}

/** A judged answer, and the server that sent it. */
export interface SentAnswer extends JudgedAnswer {
  readonly server: Server
}
