import t from 'tap'
import { describeRefusal, isRefusal, type Refusal } from '#plugin/rules/refusal.js'
import { resolvePath } from '#plugin/rules/resolve-path.js'

t.test('each refusal has the status and the words of its reason', async (t) => {
  const cases: readonly { refusal: Refusal; status: number; text: RegExp }[] = [
    { refusal: 'missing', status: 404, text: /nothing exists at the path/ },
    { refusal: 'dotfile', status: 404, text: /dotfile/ },
    { refusal: 'dotfile-denied', status: 403, text: /deny/ },
    { refusal: 'outside-root', status: 403, text: /out of the root/ },
    { refusal: 'link-outside-root', status: 404, text: /symbolic link/ },
    { refusal: 'nul', status: 400, text: /NUL/ },
    { refusal: 'root-missing', status: 404, text: /root does not exist/ },
  ]
  for (const { refusal, status, text } of cases) {
    t.equal(describeRefusal(refusal).status, status, refusal)
    t.match(describeRefusal(refusal).text, text, refusal)
  }
})

t.test('a representation is not a refusal', async (t) => {
  t.equal(isRefusal({}), false)
  t.equal(isRefusal('missing'), true)
  const resolved = resolvePath('..', 'allow')
  t.equal(resolved.kind === 'refused' && isRefusal(resolved.reason), true)
})
