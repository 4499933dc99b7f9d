import { startBigFile } from './big-file.js'
import { startLiveLog } from './live-log.js'
import { startOtherOrigin } from './other-origin.js'
import { translatePage } from './texts.js'
import { startTryIt } from './try-it.js'
import { startVideo } from './video.js'
import { startWalk } from './walk.js'

translatePage()
startWalk()
startTryIt()
startLiveLog(startVideo())
await Promise.all([startBigFile(), startOtherOrigin()])
