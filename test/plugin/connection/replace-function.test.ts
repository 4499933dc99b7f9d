import t from 'tap'
import { replaceMethod, replaceMethodTemporarily } from '#plugin/connection/replace-function.js'

class Greeter {
  greet(): string {
    return 'hello'
  }
}

const goodbye = (): string => 'goodbye'

t.test('a replaced method is the one of that object only', async (t) => {
  const greeter = new Greeter()
  replaceMethod(greeter, 'greet', goodbye)
  t.equal(greeter.greet(), 'goodbye')
  t.equal(new Greeter().greet(), 'hello')
})

t.test('a method of the class is put back by taking the replacement away', async (t) => {
  const greeter = new Greeter()
  const restore = replaceMethodTemporarily(greeter, 'greet', goodbye)
  t.equal(greeter.greet(), 'goodbye')
  restore()
  t.equal(greeter.greet(), 'hello')
  t.notOk(Object.hasOwn(greeter, 'greet'), 'nothing is left on the object')
})

t.test('a method that a wrapper has put on the object is put back as it was', async (t) => {
  const greeter = new Greeter()
  replaceMethod(greeter, 'greet', () => 'wrapped')
  const before = Object.getOwnPropertyDescriptor(greeter, 'greet')
  const restore = replaceMethodTemporarily(greeter, 'greet', goodbye)
  restore()
  t.equal(greeter.greet(), 'wrapped')
  t.strictSame(Object.getOwnPropertyDescriptor(greeter, 'greet'), before)
})

t.test('a method that a wrapper has replaced since stays as the wrapper has made it', async (t) => {
  const greeter = new Greeter()
  const restore = replaceMethodTemporarily(greeter, 'greet', goodbye)
  replaceMethod(greeter, 'greet', () => 'wrapped')
  restore()
  t.equal(greeter.greet(), 'wrapped')
})
