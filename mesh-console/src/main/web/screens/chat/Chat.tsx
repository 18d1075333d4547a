// Not in the list of screens yet.

import { Page } from '../../parts/Page'

export default function Chat() {
  return <Page title="Chat">{null}</Page>
}
