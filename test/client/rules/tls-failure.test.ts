// Failures of TLS, by the codes and messages of Node and OpenSSL.
import t from 'tap'
import { tlsFailure } from '#client/rules/tls-failure.js'

const ssl = (reason: string, alert?: number): string =>
  `40E7:error:0A000410:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/ssl/rec_layer_s3.c:1605:${
    alert === undefined ? '' : `SSL alert number ${alert}`
  }\n`

const EPROTO = 'EPROTO'
const rows: [name: string, code: string, message: string, want: RegExp | null, isTemporary?: boolean][] = [
  ['no failure of TLS', 'ECONNRESET', 'read ECONNRESET', null],
  [
    'expired',
    'CERT_HAS_EXPIRED',
    'certificate has expired',
    /the server's certificate is not trusted: certificate has expired$/,
    false,
  ],
  [
    'self-signed',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'self-signed',
    /not trusted.*--cacert FILE trusts it$/,
    false,
  ],
  ['of an unknown CA', 'SELF_SIGNED_CERT_IN_CHAIN', 'in chain', /--cacert FILE trusts it$/, false],
  ['with a missing CA', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'leaf', /--cacert FILE trusts it$/, false],
  ['with a missing issuer', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'issuer', /--cacert FILE trusts it$/, false],
  ['with a bad key', 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'key', /not trusted: key$/, false],
  ['another host', 'ERR_TLS_CERT_ALTNAME_INVALID', 'altnames', /not trusted: altnames$/, false],
  [
    'http at this port',
    EPROTO,
    ssl('wrong version number'),
    /does not speak TLS.*\(wrong version number\)/,
    false,
  ],
  [
    'a client certificate is wanted',
    'ERR_SSL_X',
    ssl('alert certificate required', 116),
    /client certificate/,
    false,
  ],
  ['an unsupported version', 'ERR_SSL_X', ssl('unsupported protocol'), /no version or cipher/, false],
  ['an alert about versions', 'ERR_SSL_X', ssl('alert protocol version', 70), /no version or cipher/, false],
  ['another alert', EPROTO, ssl('alert internal error', 80), /TLS with the server failed \(alert int/, true],
  ['a message without a reason of OpenSSL', EPROTO, 'write EPROTO', /failed \(write EPROTO\)/, true],
]

for (const [name, code, message, want, isTemporary] of rows) {
  t.test(`TLS: ${name}`, async (t) => {
    const failure = tlsFailure({ code, message }, 'the server')
    if (want === null) t.equal(failure, null)
    else t.match(failure?.reason, want)
    t.equal(failure?.isTemporary, isTemporary)
  })
}

t.test('TLS: the message says whose certificate is not trusted', async (t) => {
  const failure = tlsFailure({ code: 'CERT_UNTRUSTED', message: 'untrusted' }, 'the proxy')
  t.equal(failure?.reason, 'the certificate of the proxy is not trusted: untrusted')
})
