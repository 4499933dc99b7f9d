import { byId } from './dom.js'

/** Says so if the files of the page come from a bucket. */
export async function sayFilesFrom() {
  const { filesFrom } = await (await fetch('/settings')).json()
  byId('files-from').hidden = filesFrom !== 'bucket'
}
