// Not in the list of screens yet.

import { Page } from '../../parts/Page'

export default function Discover() {
  return <Page title="Discover">{null}</Page>
}
