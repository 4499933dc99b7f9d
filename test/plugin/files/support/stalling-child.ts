import { once } from 'node:events'
import { connect } from 'node:net'

// Clients that ask for `/more0`, `/more1`, … and read nothing, until the parent goes. Arguments: port, count.
const [port, count] = process.argv.slice(2).map(Number)
for (let index = 0; index < (count ?? 0); index++) {
  const socket = connect({ port: port ?? 0, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`GET /more${index} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
}
process.send?.('stalled')
process.once('disconnect', () => process.exit(0))
