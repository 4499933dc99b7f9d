// What is said about files of certificates and keys that cannot be used.
import { generateKeyPairSync } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import t from 'tap'
import { certificateFault, hasKey, keyFault } from '#client/rules/pem.js'

const [one = '', other = ''] = rootCertificates
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const old = privateKey.export({ type: 'sec1', format: 'pem' }).toString()
const encrypted = privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' })
  .toString()
const damaged = one.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')

t.test('certificates in PEM form can be used, with any text around them', async (t) => {
  for (const text of [one, `# a CA\n${one}\n${other}\n`, `${key}\n${one}`, one.replaceAll('\n', '\r\n')])
    t.equal(certificateFault(text), null)
})

t.test('what is wrong with certificates is said', async (t) => {
  t.equal(certificateFault(' \n'), 'is empty')
  t.match(certificateFault(key), /^has no certificate in PEM form .* openssl x509 -inform der makes PEM$/)
  t.match(certificateFault('\u0030\u0082'), /^has no certificate/)
  t.match(certificateFault(one.slice(0, -30)), /^has no certificate/)
  t.equal(certificateFault(damaged), 'has a damaged certificate')
  t.equal(certificateFault(`${one}\n${damaged}`), 'has a damaged certificate, number 2 of 2')
})

t.test('what is wrong with a key is said', async (t) => {
  t.equal(keyFault(key), null)
  t.equal(keyFault(old), null)
  t.equal(keyFault(`${one}\n${key}`), null)
  t.equal(keyFault(''), 'is empty')
  t.equal(keyFault(one), 'has no private key in PEM form (-----BEGIN PRIVATE KEY-----)')
  t.match(keyFault(encrypted), /^has a key with a passphrase, .*openssl pkey -in OLD -out NEW/)
  const head = '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n'
  t.match(keyFault(head), /^has a key with a passphrase/)
  t.strictSame([hasKey(key), hasKey(old), hasKey(one)], [true, true, false])
})
