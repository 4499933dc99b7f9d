import Fastify from 'fastify'
import rangePlugin from 'fastify-send-range'
import st from '@fastify/static'
const mode=process.argv[2]
const app=Fastify({logger:false})
if(mode==='ours'){ await app.register(rangePlugin,{root:'/tmp/pb/files'}); app.get('/*',(q,r)=>r.sendRange(q.params['*'])) }
if(mode==='static') await app.register(st,{root:'/tmp/pb/files'})
if(mode==='bare'){ const b=Buffer.alloc(4); app.get('/*',(q,r)=>{ r.code(206).headers({'accept-ranges':'bytes',etag:'"abcdefghijklmnopqrstuv"','last-modified':'Sat, 21 Nov 2026 03:00:00 GMT','content-type':'application/octet-stream','content-range':'bytes 0-3/1073741824','content-length':'4'}); return r.send(b)}) }
await app.listen({port:Number(process.argv[3])})
process.on('SIGTERM',()=>{console.log('looks',globalThis.__looks);process.exit()})
