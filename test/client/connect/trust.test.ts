// `--cacert`, `--cert`, `--key` and SSL_CERT_FILE against real TLS: who is trusted, and who learns who the caller is.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { downloadAll } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { type Certificate, makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent } from '../support/hostile-server.ts'
import { startProxy, tunnel } from '../support/proxy.ts'
import { get, names } from '../support/run.ts'

const CONTENT = makeContent(50_000)

interface Made {
  readonly dir: string
  /** Certificates that signed themselves. */
  readonly server: Certificate
  readonly other: Certificate
  readonly client: Certificate
}

/** An https server. `clients` are the subjects of the certificates that it was shown, `''` for none. */
async function startServer(
  t: Test,
  { key, cert }: Certificate,
  options: { readonly wants?: Certificate; readonly location?: string } = {},
) {
  const clients = new Set<string>()
  const { wants, location } = options
  const request = wants === undefined ? {} : { requestCert: true, rejectUnauthorized: false, ca: wants.cert }
  const server = createServer({ key, cert, ...request }, ({ socket }, response) => {
    const { subject } = (socket as TLSSocket).getPeerCertificate()
    clients.add(String(subject?.CN ?? ''))
    if (location !== undefined) response.writeHead(302, { location }).end()
    else if (wants !== undefined && subject?.CN === undefined) response.writeHead(403).end()
    else response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`, clients }
}

t.test('TLS with certificates of the caller', { skip: withoutOpenssl() }, async (t) => {
  const made = t.testdir({ server: {}, other: {}, client: {} })
  const all: Made = {
    dir: made,
    server: makeCertificate(join(made, 'server')),
    other: makeCertificate(join(made, 'other')),
    client: makeCertificate(join(made, 'client')),
  }
  const { server, other, client } = all
  const keyOf = (name: string): string => join(made, name, 'key.pem')

  t.test('caFile alone is trusted, with all its certificates', async (t) => {
    const { url } = await startServer(t, server)
    const both = join(made, 'both.pem')
    writeFileSync(both, `# two\n${other.cert}\n${server.cert}`)
    for (const caFile of [server.path, both])
      sameBytes(t, (await get(url, t.testdir({}), { caFile })).file, CONTENT)
    const refused = await get(url, t.testdir({}), { caFile: other.path, retries: 0 })
    t.equal(refused.code, 'ERR_DOWNLOAD_TLS')
    t.match(refused.message, /not trusted: .*--cacert FILE trusts it/)
  })

  t.test(
    'SSL_CERT_FILE is trusted, --cacert wins, and NODE_EXTRA_CA_CERTS adds to what Node has',
    async (t) => {
      const { url } = await startServer(t, server)
      const dir = t.testdir({})
      const args = ['-q', '--overwrite', '--retries', '0', '-o', 'x', url]
      const status = async (env: NodeJS.ProcessEnv, ...more: string[]) =>
        (await rangeGet([...more, ...args], dir, env).ended).status
      t.equal(await status({}), 12)
      t.equal(
        await status({ NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' }),
        12,
        'it is always checked',
      )
      t.equal(await status({ SSL_CERT_FILE: server.path }), 0)
      t.equal(await status({ SSL_CERT_FILE: '' }), 12)
      t.equal(await status({ SSL_CERT_FILE: server.path }, '--cacert', other.path), 12)
      t.equal(await status({ NODE_EXTRA_CA_CERTS: server.path }), 0)
      t.equal(await status({ NODE_EXTRA_CA_CERTS: server.path, SSL_CERT_FILE: other.path }), 0, 'it adds')
      const wrong = await rangeGet(args, dir, { SSL_CERT_FILE: 'missing.pem' }).ended
      t.equal(wrong.status, 2)
      t.match(wrong.stderr, /cannot read missing\.pem \(SSL_CERT_FILE\): there is no such file/)
      t.strictSame(names(dir), ['x'])
    },
  )

  t.test('a client certificate goes to the origin of the URL, and not where that redirects to', async (t) => {
    const third = await startServer(t, server, { wants: client })
    const origin = await startServer(t, server, { wants: client })
    const trust = { caFile: server.path, certFile: client.path, keyFile: keyOf('client'), retries: 0 }
    sameBytes(t, (await get(origin.url, t.testdir({}), trust)).file, CONTENT)
    t.strictSame([...origin.clients], ['localhost'])

    const away = await startServer(t, server, { wants: client, location: third.url })
    const end = await get(away.url, t.testdir({}), trust)
    t.match(end.message, /403/)
    t.strictSame([[...away.clients], [...third.clients]], [['localhost'], ['']])

    const without = await get(origin.url, t.testdir({}), { caFile: server.path, retries: 0 })
    t.match(without.message, /403/)
  })

  t.test('of several files, the certificate goes to the origin of the first one alone', async (t) => {
    const first = await startServer(t, server, { wants: client })
    const other = await startServer(t, server, { wants: client })
    const directory = t.testdir({})
    const files = [first, other].map(({ url }, index) => ({ url, destination: join(directory, `${index}`) }))
    const options = { caFile: server.path, certFile: client.path, keyFile: keyOf('client'), retries: 0 }
    const error: unknown = await downloadAll(files, options).finished.catch((error: unknown) => error)
    t.match(error, {
      message: /^1 of 2 files failed.*403.*Header fields and certificates are for the origin/,
    })
    t.strictSame([[...first.clients], [...other.clients]], [['localhost'], ['']])
  })

  t.test('certificate and key may be in one file', async (t) => {
    const { url } = await startServer(t, server, { wants: client })
    const certFile = join(made, 'pair.pem')
    writeFileSync(certFile, `${client.key}${client.cert}`)
    sameBytes(t, (await get(url, t.testdir({}), { caFile: server.path, certFile })).file, CONTENT)
  })

  t.test('a server that needs a client certificate says what is missing', async (t) => {
    const strict = createServer(
      { key: server.key, cert: server.cert, requestCert: true, rejectUnauthorized: true, ca: client.cert },
      (_, response) => response.end('x'),
    )
    await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve))
    t.teardown(() => strict.close())
    const url = `https://127.0.0.1:${(strict.address() as AddressInfo).port}/x`
    const end = await get(url, t.testdir({}), { caFile: server.path, retries: 0 })
    t.ok(['ERR_DOWNLOAD_TLS', 'ERR_DOWNLOAD_NETWORK'].includes(end.code ?? ''), end.message)
    const { status } = await rangeGet(
      ['-q', '--cacert', server.path, '--cert', client.path, '--key', keyOf('client'), '-o', 'x', url],
      t.testdir({}),
    ).ended
    t.equal(status, 0)
  })

  t.test(
    'a tunnel gets no client certificate before the server, and the server gets it through it',
    async (t) => {
      const { url, clients } = await startServer(t, server, { wants: client })
      const proxy = await startProxy((request, socket) => tunnel(request, socket, 'HTTP/1.1 200 OK\r\n\r\n'))
      t.teardown(() => proxy.stop())
      const trust = { caFile: server.path, certFile: client.path, keyFile: keyOf('client') }
      sameBytes(t, (await get(url, t.testdir({}), { ...trust, proxy: proxy.url })).file, CONTENT)
      t.strictSame([...clients], ['localhost'])
    },
  )

  t.test('an https proxy is trusted by caFile, too, and is shown no certificate', async (t) => {
    const seen = new Set<string>()
    const options = { key: server.key, cert: server.cert, requestCert: true, rejectUnauthorized: false }
    const proxy = createServer(options, ({ socket }, response) => {
      seen.add(String((socket as TLSSocket).getPeerCertificate().subject?.CN ?? ''))
      response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT)
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    t.teardown(() => {
      proxy.closeAllConnections()
      proxy.close()
    })
    const trust = { caFile: server.path, certFile: client.path, keyFile: keyOf('client') }
    const url = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const end = await get('http://files.invalid/x', t.testdir({}), { ...trust, proxy: url, retries: 0 })
    sameBytes(t, end.file, CONTENT, end.message)
    t.strictSame([...seen], [''])
  })

  t.test(
    'a file that cannot be used is a usage error with its name, before anything is requested',
    async (t) => {
      const dir = t.testdir({ empty: '', text: 'no certificate', folder: {}, work: {} })
      const encrypted = join(dir, 'encrypted.pem')
      const make = ['pkey', '-in', keyOf('client'), '-aes256', '-passout', 'pass:secret', '-out', encrypted]
      execFileSync('openssl', make, { stdio: 'ignore' })
      const rows: [options: object, message: RegExp][] = [
        [{ caFile: join(dir, 'missing') }, /^cannot read .*missing: there is no such file$/],
        [{ caFile: join(dir, 'folder') }, /^cannot read .*folder: it is a directory$/],
        [{ caFile: join(dir, 'empty') }, /empty is empty$/],
        [{ caFile: join(dir, 'text') }, /text has no certificate in PEM form/],
        [{ certFile: client.path }, /cert\.pem has no private key: give its file, too \(--key\)$/],
        [{ keyFile: keyOf('client') }, /key\.pem is a key: its certificate must be given, too \(--cert\)$/],
        [{ certFile: client.path, keyFile: join(dir, 'text') }, /text has no private key/],
        [{ certFile: client.path, keyFile: encrypted }, /encrypted\.pem has a key with a passphrase/],
        [
          { certFile: client.path, keyFile: keyOf('other') },
          /^cannot use the certificate in .*cert\.pem with the key in .*key\.pem: the key is that of another certificate$/,
        ],
      ]
      for (const [options, message] of rows) {
        const end = await get('https://127.0.0.1:1/x', join(dir, 'work'), options)
        t.equal(end.code, 'ERR_DOWNLOAD_USAGE', end.message)
        t.match(end.message, message)
        t.notMatch(end.message, readFileSync(keyOf('client'), 'utf8').slice(40, 60))
        t.strictSame(names(join(dir, 'work')), [])
      }
    },
  )
})
