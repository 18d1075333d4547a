package mesh.daemon.edge;

import io.netty.buffer.ByteBuf;

/**
 * What an engine's answer passes through on its way to a client that speaks another API. Keeps no more than the part of
 * the answer that it cannot yet say, within a bound of its own. One per exchange, on its event loop.
 */
public interface AnswerTranslation {
    /** The engine's answer begins with a status below 400; returns the content type that the client is told. */
    String begin(int status, String contentType);

    /** Takes in a piece, cut anywhere, and writes what it can say by now. Owns neither buffer. */
    void piece(ByteBuf piece, ByteBuf out) throws Refusal;

    /** The engine's answer is whole: writes what is left to say. */
    void end(ByteBuf out) throws Refusal;
}
