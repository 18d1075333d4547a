// Takes this node over into another mesh, or hands out the command that starts another node in it. Whoever would leave
// others behind is asked first.

import { useState } from 'preact/hooks'
import { call } from '../feed/calls'
import { RefusedNotice, useActs } from './Acting'
import { Confirm } from './Confirm'
import { CopyLine } from './Copy'

/** What `join/preview` says about this node. */
interface Standing {
  isMember: boolean
  /** It would leave nobody behind. */
  isFree: boolean
}

interface Given {
  token: string
  command: string
  act: string
  /** What the command is for, to be read out. */
  what: string
}

export function JoinNow({ token, command, act: word, what }: Given) {
  const [isAsking, setAsking] = useState(false)
  const [result, setResult] = useState('')
  const { isBusy, refused, act } = useActs()
  const join = async (leave: boolean) => {
    setAsking(false)
    if (await act(() => call('POST', 'join', { token, leave }))) setResult('This node is in that mesh now.')
  }
  const begin = () =>
    act(async () => {
      const standing = await call<Standing>('POST', 'join/preview', { token })
      if (standing.isMember) setResult('This node is in that mesh already.')
      else if (standing.isFree) {
        await call('POST', 'join', { token, leave: false })
        setResult('This node is in that mesh now.')
      } else setAsking(true)
    })
  if (result)
    return (
      <p class="notice tone-good" role="status">
        {result}
      </p>
    )
  return (
    <>
      <p>
        <button type="button" class="button button-main" disabled={isBusy} onClick={() => void begin()}>
          {isBusy ? 'Asking at its door…' : word}
        </button>{' '}
        <span class="soft">This node’s models go on running.</span>
      </p>
      <RefusedNotice refused={refused} what="Not joined, nothing has changed" />
      <p class="soft">Or start another node with it:</p>
      <CopyLine text={command} what={what} />
      {isAsking && (
        <Confirm title="Leave the mesh this node is in?" act="Leave and join" isBad onYes={() => void join(true)} onNo={() => setAsking(false)}>
          <p>The others go on without it. Its membership there is put aside in the data dir.</p>
        </Confirm>
      )}
    </>
  )
}
