import fs from 'node:fs'
for (const k of ['open','close','fstat','stat','read']) { const o=fs[k]; let n=0; fs[k]=function(...a){n++; return o.apply(this,a)}; Object.assign(fs[k],o); process.on('exit',()=>console.log(k,n)) }
const o=fs.realpath.native; let n=0; fs.realpath.native=function(...a){n++;return o.apply(this,a)}; process.on('exit',()=>console.log('realpath',n))
import('node:module').then(m=>m.syncBuiltinESMExports())
await import('node:module').then(m=>m.syncBuiltinESMExports())
await import('./.pb-server.mjs')
