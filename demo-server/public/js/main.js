import { startBigFile } from './big-file.js'
import { sayFilesFrom } from './files-from.js'
import { startLiveLog } from './live-log.js'
import { startOtherOrigin } from './other-origin.js'
import { startOwnRequests } from './own-requests.js'
import { translatePage } from './texts.js'
import { startTryIt } from './try-it.js'
import { drawVideo, startVideo } from './video.js'
import { startWalk } from './walk.js'

translatePage()
startWalk()
startTryIt()
startVideo()
startLiveLog(startOwnRequests((section, entries) => section === 'video' && drawVideo(entries)))
await Promise.all([startBigFile(), startOtherOrigin(), sayFilesFrom()])
