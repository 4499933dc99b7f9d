import fastifyStatic from '@fastify/static'
import { fastify } from 'fastify'
import { announce } from './announce.ts'

const [root = '.'] = process.argv.slice(2)
const app = fastify()
await app.register(fastifyStatic, { root })
await announce(app)
