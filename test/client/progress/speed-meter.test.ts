import t from 'tap'
import { SpeedMeter } from '#client/progress/speed-meter.js'

/** Adds 100 bytes every 100 ms: 1000 bytes per second. */
function flow(meter: SpeedMeter, from: number, to: number): void {
  for (let ms = from; ms <= to; ms += 100) meter.add(100, ms)
}

t.test('the speed is that of the last seconds', async (t) => {
  const meter = new SpeedMeter()
  flow(meter, 0, 10_000)
  t.equal(meter.speed(10_000), 1000)
  for (let ms = 10_100; ms <= 20_000; ms += 100) meter.add(500, ms)
  t.equal(meter.speed(20_000), 5000)
})

t.test('it is not known before half a second has been measured', async (t) => {
  const meter = new SpeedMeter()
  t.equal(meter.speed(0), null)
  meter.add(1_000_000, 1000)
  t.equal(meter.speed(1400), null)
  flow(meter, 1100, 1500)
  t.equal(meter.speed(1500), 1000, 'bytes that were on their way before do not count')
})

t.test('after a pause or a wait the speed is that of the new bytes', async (t) => {
  const meter = new SpeedMeter()
  flow(meter, 0, 10_000)
  meter.reset()
  t.equal(meter.speed(10_000), null, 'until it is measured again')
  for (let ms = 100_000; ms <= 101_000; ms += 100) meter.add(300, ms)
  t.equal(meter.speed(101_000), 3000)
})

t.test('a silence without a wait does not count when bytes come again', async (t) => {
  const meter = new SpeedMeter()
  flow(meter, 0, 10_000)
  t.ok(Number(meter.speed(12_000)) < 1000, 'it falls')
  t.equal(meter.speed(15_000), 0)
  t.equal(meter.speed(30_000), 0)
  flow(meter, 30_000, 30_500)
  t.equal(meter.speed(30_500), 1000)
})

t.test('single bursts that are far apart have a speed', async (t) => {
  const meter = new SpeedMeter()
  for (let ms = 0; ms <= 60_000; ms += 6000) meter.add(6000, ms)
  t.equal(meter.speed(60_000), 1000)
  t.ok(Number(meter.speed(64_000)) > 500, 'also between two of them')
})
