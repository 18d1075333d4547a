package mesh.daemon.quic;

import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicSslEngine;
import io.netty.handler.ssl.ClientAuth;
import java.math.BigInteger;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import mesh.core.id.NodeId;
import mesh.daemon.store.NodeKey;
import org.bouncycastle.asn1.DERGeneralizedTime;
import org.bouncycastle.asn1.DERUTCTime;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Identity in TLS 1.3: both sides show one self-signed Ed25519 certificate, and its key is the node id. No authority is
 * asked; whether a node may do anything is decided after TLS, by its mesh certificate. Checks run on the endpoint's loop.
 */
final class Tls {
    static final String PROTOCOL = "mesh/1";

    /** What stands before the 32 bytes of an Ed25519 key in a certificate. */
    private static final byte[] ED25519_SPKI_HEAD = HexFormat.of().parseHex("302a300506032b6570032100");

    private final QuicSslContext accepting;
    private final QuicSslContext dialling;

    private final OneNode checks = new OneNode();

    Tls(NodeKey key) throws GeneralSecurityException {
        this(key, certificate(key, key.id()));
    }

    /** With a certificate of the caller's making: tests show one that does not fit. */
    Tls(NodeKey key, X509Certificate certificate) throws GeneralSecurityException {
        this(key, certificate, PROTOCOL);
    }

    /** Speaking something else than this mesh's nodes do. */
    Tls(NodeKey key, String protocol) throws GeneralSecurityException {
        this(key, certificate(key, key.id()), protocol);
    }

    private Tls(NodeKey key, X509Certificate certificate, String protocol) throws GeneralSecurityException {
        // BoringSSL does not offer Ed25519 by default, and both sides must.
        String[] algorithms = {"ed25519", "ecdsa_secp256r1_sha256"};
        var own = new OwnKey(key.forTls(), certificate);
        accepting = QuicSslContextBuilder.forServer(own, null)
                .trustManager(checks)
                .clientAuth(ClientAuth.REQUIRE)
                .applicationProtocols(protocol)
                .earlyData(false)
                .option(BoringSSLContextOption.SIGNATURE_ALGORITHMS, algorithms)
                .build();
        dialling = QuicSslContextBuilder.forClient()
                .keyManager(own, null)
                .trustManager(checks)
                .applicationProtocols(protocol)
                .endpointIdentificationAlgorithm(null)
                .earlyData(false)
                .option(BoringSSLContextOption.SIGNATURE_ALGORITHMS, algorithms)
                .build();
    }

    QuicSslContext accepting() {
        return accepting;
    }

    QuicSslEngine diallingEngine(QuicChannel channel, @Nullable NodeId wanted) {
        QuicSslEngine engine = dialling.newEngine(channel.alloc());
        if (wanted != null) checks.expected.put(engine, wanted);
        return engine;
    }

    boolean foundAnother(QuicChannel channel) {
        SSLEngine engine = channel.sslEngine();
        return engine != null && checks.others.contains(engine);
    }

    /** Who is at the other end; TLS has proved it. */
    static NodeId peer(QuicChannel channel) throws SSLPeerUnverifiedException {
        SSLEngine engine = channel.sslEngine();
        if (engine == null) throw new SSLPeerUnverifiedException("connection without TLS");
        try {
            return nodeOf((X509Certificate) engine.getSession().getPeerCertificates()[0]);
        } catch (CertificateException checkedBefore) {
            throw new SSLPeerUnverifiedException(checkedBefore.getMessage());
        }
    }

    /** Self-signed, without an end: the mesh certificate is what ends. */
    static X509Certificate certificate(NodeKey signer, NodeId subject) throws GeneralSecurityException {
        byte[] open = Arrays.copyOf(ED25519_SPKI_HEAD, ED25519_SPKI_HEAD.length + NodeId.BYTES);
        System.arraycopy(subject.bytes(), 0, open, ED25519_SPKI_HEAD.length, NodeId.BYTES);
        var name = new X500Name("CN=mesh");
        var unsigned = new X509v3CertificateBuilder(
                name,
                BigInteger.ONE,
                new Time(new DERUTCTime("700101000000Z")),
                new Time(new DERGeneralizedTime("99991231235959Z")),
                name,
                SubjectPublicKeyInfo.getInstance(open));
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(unsigned.build(new JcaContentSignerBuilder("Ed25519").build(signer.forTls())));
        } catch (OperatorCreationException noEd25519) {
            throw new GeneralSecurityException("sign own certificate", noEd25519);
        }
    }

    private static NodeId nodeOf(X509Certificate certificate) throws CertificateException {
        PublicKey key = certificate.getPublicKey();
        byte[] encoded = key.getEncoded();
        int head = ED25519_SPKI_HEAD.length;
        if (encoded == null
                || encoded.length != head + NodeId.BYTES
                || !Arrays.equals(encoded, 0, head, ED25519_SPKI_HEAD, 0, head))
            throw new CertificateException("not an Ed25519 key algorithm=" + key.getAlgorithm());
        return NodeId.of(Arrays.copyOfRange(encoded, head, encoded.length));
    }

    /**
     * Accepts exactly one self-signed Ed25519 certificate, and when dialling only the expected one. Knows nothing of the
     * contexts it checks for: native code holds it until theirs is freed, which is when nobody holds them.
     */
    private static final class OneNode extends X509ExtendedTrustManager {
        /** Which key each dialling engine insists on; engines come and go with their connections. */
        private final Map<SSLEngine, NodeId> expected = Collections.synchronizedMap(new WeakHashMap<>());

        /** Dialling engines that found another node; BoringSSL does not hand on why a check failed. */
        private final Set<SSLEngine> others =
                Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

        private void check(X509Certificate[] chain, @Nullable SSLEngine engine) throws CertificateException {
            if (chain.length != 1) throw new CertificateException("certificates=" + chain.length + " expected=1");
            NodeId shown = nodeOf(chain[0]);
            try {
                chain[0].verify(chain[0].getPublicKey());
            } catch (GeneralSecurityException forged) {
                throw new CertificateException("certificate not signed by its own key", forged);
            }
            NodeId wanted = engine == null ? null : expected.get(engine);
            if (wanted == null || wanted.equals(shown)) return;
            others.add(engine);
            throw new CertificateException("another node answers shown=" + shown + " expected=" + wanted);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain, engine);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("QUIC only");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("QUIC only");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("QUIC only");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("QUIC only");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Hands TLS the one key there is, without key stores and passwords. */
    private static final class OwnKey extends X509ExtendedKeyManager {
        private static final String ALIAS = "node";

        private final PrivateKey key;
        private final X509Certificate certificate;

        OwnKey(PrivateKey key, X509Certificate certificate) {
            this.key = key;
            this.certificate = certificate;
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return ALIAS;
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return ALIAS;
        }

        @Override
        public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
            return ALIAS;
        }

        @Override
        public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
            return ALIAS;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return new X509Certificate[] {certificate};
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return key;
        }
    }
}
