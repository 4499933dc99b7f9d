// Every text that the page can show was shown to some test.
import type { Test } from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import type { Demo } from './browser.ts'

type Texts = Record<string, string | { one?: string; other: string }>

const VERDICT = 'the verdict is held in the browser by wrong-answers, the words are of one table'
const CACHE = 'depends on what the browser has kept of the video'
/** The texts that are not looked for here, and why. */
const ELSEWHERE: Record<string, string> = {
  'part-of-character': 'it is within code; try-it looks for it',
  'answer.changed': VERDICT,
  'answer.endless': VERDICT,
  'answer.too-long': VERDICT,
  'answer.no-range': VERDICT,
  'story.repeated': VERDICT,
  'requests.not-modified': CACHE,
  'requests.not-answered': CACHE,
  'log.closed': 'some browsers try again instead',
  'try.not-shown': 'no server of ours sends such a body',
}

/** A text with any values in it. A long one may be a part of what is shown, for example after a status. */
function patternOf(text: string): RegExp {
  const source = text
    .split(/\{\w+\}/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+')
  return new RegExp(text.split(' ').length > 2 ? source : `^${source}$`)
}

/** Runs after all other parts. */
export async function everyText(t: Test, { shown }: Demo): Promise<void> {
  const { default: texts } = (await import(`${REPOSITORY}demo-server/public/js/texts-en.js`)) as {
    default: Texts
  }
  const all = [...shown]
  const missing = Object.entries(texts).filter(([key, text]) => {
    const patterns = (typeof text === 'string' ? [text] : Object.values(text)).map(patternOf)
    return !(key in ELSEWHERE) && !all.some((each) => patterns.some((pattern) => pattern.test(each)))
  })
  t.same(missing, [], 'every other text was shown')
  t.same(
    Object.keys(ELSEWHERE).filter((key) => !(key in texts)),
    [],
    'no text of the list is gone',
  )
}
