import t from 'tap'
import { placeholder } from 'fastify-send-range'
t.equal(placeholder, 1)
