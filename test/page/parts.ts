import t, { type Test } from 'tap'
import { appearance } from './appearance.ts'
import { bigFile } from './big-file.ts'
import { type Demo, startDemo } from './browser.ts'
import { chinese } from './chinese.ts'
import type { Engine } from './engines.ts'
import { everyText } from './every-text.ts'
import { fullAndOffline } from './full-and-offline.ts'
import { liveLog } from './live-log.ts'
import { origins } from './origins.ts'
import { ownRequests } from './own-requests.ts'
import { refusals } from './refusals.ts'
import { refusedAnswers } from './refused-answers.ts'
import { stores } from './stores.ts'
import { tryIt } from './try-it.ts'
import { video } from './video.ts'
import { walk } from './walk.ts'
import { walkSteps } from './walk-steps.ts'
import { wholePage } from './whole-page.ts'
import { wrongAnswers } from './wrong-answers.ts'

/** The tests of the page, by their files. `npx tap --grep=stores` runs those of `stores.ts`. */
const PARTS: Record<string, (t: Test, demo: Demo) => Promise<void>> = {
  walk,
  'walk-steps': walkSteps,
  'big-file': bigFile,
  stores,
  'full-and-offline': fullAndOffline,
  'refused-answers': refusedAnswers,
  refusals,
  video,
  origins,
  'try-it': tryIt,
  'live-log': liveLog,
  'own-requests': ownRequests,
  'whole-page': wholePage,
  appearance,
  chinese,
  'wrong-answers': wrongAnswers,
  'every-text': everyText,
}

/** For all parts, beside other tests on few cores. tap's own limit is for files without a browser. */
const LIMIT_MS = 1_200_000

/** Runs all parts in one browser. Starting a browser costs more than most of its visits. */
export async function everyPart(engine: Engine): Promise<void> {
  t.setTimeout(LIMIT_MS)
  const demo = await startDemo(t, engine)
  if (demo === undefined) return
  for (const [name, part] of Object.entries(PARTS)) await t.test(name, (t) => part(t, demo))
}
