import t from 'tap'
import { connectionKey, tcpTableReader } from '#plugin/connection/tcp-table.js'

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

for (const [address, order, text] of [
  ['127.0.0.1', 'LE', '0100007F'],
  ['127.0.0.1', 'BE', '7F000001'],
  ['255.254.0.10', 'LE', '0A00FEFF'],
  ['::', 'LE', '00000000000000000000000000000000'],
  ['::1', 'LE', '00000000000000000000000001000000'],
  ['::1', 'BE', '00000000000000000000000000000001'],
  ['::ffff:127.0.0.1', 'LE', '0000000000000000FFFF00000100007F'],
  ['::ffff:7f00:1', 'LE', '0000000000000000FFFF00000100007F'],
  ['fe80::1%eth0', 'LE', '000080FE000000000000000001000000'],
  ['2001:db8:1:2:3:4:5:6', 'BE', '20010DB8000100020003000400050006'],
  ['2001:db8::', 'LE', 'B80D0120000000000000000000000000'],
] as const) {
  t.test(`an address is written as the kernel prints it (${address}, ${order})`, async (t) => {
    const key = connectionKey({ address, port: 80 }, { address, port: 65535 }, order)
    t.equal(key, `${text}:0050 ${text}:FFFF`)
  })
}

const WANTED = '0100007F:1F90 0200007F:C001'
const LINE = `   7: ${WANTED} 01 0003D0F0:00000010 01:00000018 00000000  1000        0 31337 2 0000000000000000 20 4 30 10 -1\n`
const OTHER = LINE.replace('1F90', '1F91')

for (const [name, table, expected] of [
  ['among others', `${HEAD}${OTHER}${LINE}${OTHER}`, 250_096],
  ['with a wide slot number', `${HEAD}${LINE.replace('   7', '123456')}`, 250_096],
  ['in an empty table', HEAD, undefined],
  ['in a table without it', `${HEAD}${OTHER}`, undefined],
  ['with ends exchanged', LINE.replace(WANTED, '0200007F:C001 0100007F:1F90'), undefined],
  ['on a line that has not ended', LINE.trimEnd(), undefined],
  ['in a table of another form', LINE.replace('0003D0F0:', 'many '), undefined],
] as const) {
  t.test(`a connection ${name} has ${expected ?? 'an unknown number of'} unacknowledged bytes`, async (t) => {
    for (const step of [1, 7, table.length]) {
      const found = new Map<string, number>()
      const read = tcpTableReader(new Set([WANTED]), found)
      for (let at = 0; at < table.length; at += step) read(table.slice(at, at + step))
      t.equal(found.get(WANTED), expected, `in pieces of ${step}`)
    }
  })
}
