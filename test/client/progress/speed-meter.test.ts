import t from 'tap'
import { SpeedMeter } from '#client/progress/speed-meter.js'

t.test('the speed is that of the last seconds, without pauses', async (t) => {
  const meter = new SpeedMeter()
  meter.reset(0)
  for (let ms = 100; ms <= 10_000; ms += 100) meter.add(100, ms)
  t.equal(Math.round(meter.speed(10_000)), 1000)
  meter.reset(100_000)
  meter.add(100, 101_000)
  t.equal(meter.speed(101_000), 100, 'a pause does not count')
})
