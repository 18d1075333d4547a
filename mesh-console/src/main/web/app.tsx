// The page's start: theme before the first paint, then the feed, then the shell.

import { render } from 'preact'
import { startFeed } from './feed/feed'
import { Shell } from './shell/Shell'
import { applyTheme, storedTheme } from './shell/theme'

applyTheme(storedTheme())
startFeed()
const root = document.getElementById('app')!
root.replaceChildren()
render(<Shell />, root)
