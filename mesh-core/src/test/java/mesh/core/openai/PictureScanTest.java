package mesh.core.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PictureScanTest {
    private static final String DATA = "data:image/png;base64,iVBORw0KGgo=";

    @Test
    void picturesAreSeenInEveryDialect() {
        assertThat(messages("[{'type':'text','text':'a'},{'type':'image_url','image_url':{'url':'" + DATA + "'}}]"))
                .matches(PictureScan::hasPictures)
                .matches(scan -> !scan.pointsElsewhere());
        assertThat(scanned("{'input':[{'role':'user','content':[{'image_url':'" + DATA + "','type':'input_image'}]}]}"))
                .matches(PictureScan::hasPictures)
                .matches(scan -> !scan.pointsElsewhere());
        assertThat(messages("[{'type':'image','source':{'type':'base64','media_type':'image/png','data':'iVBORw=='}}]"))
                .matches(PictureScan::hasPictures)
                .matches(scan -> !scan.pointsElsewhere());
        assertThat(messages("[{'type':'tool_result','tool_use_id':'a','content':[{'type':'image','source':{}}]}]"))
                .matches(PictureScan::hasPictures);
        assertThat(messages("[{'type':'input_audio','input_audio':{'data':'UklGRg==','format':'wav'}}]"))
                .matches(PictureScan::hasSound)
                .matches(scan -> !scan.hasPictures());
    }

    @Test
    void addressesAreSeenHoweverTheyAreWritten() {
        for (String address : new String[] {
            "http://a/b.png",
            "HTTPS://a",
            "https:\\/\\/a\\/b",
            "\\u0068ttp://a/" + "b".repeat(5_000),
            "http\\u003a//a",
            "file:///etc/passwd"
        }) {
            assertThat(messages("[{'type':'image_url','image_url':{'url':'" + address + "'}}]"))
                    .as(address)
                    .matches(PictureScan::pointsElsewhere);
            assertThat(scanned("{'input':[{'content':[{'type':'input_image','image_url':'" + address + "'}]}]}"))
                    .as(address)
                    .matches(PictureScan::pointsElsewhere);
            assertThat(messages("[{'type':'image','source':{'type':'url','url':'" + address + "'}}]"))
                    .as(address)
                    .matches(PictureScan::pointsElsewhere);
        }
        assertThat(messages("[{'type':'image_url','image\\u005furl':{'u\\u0072l':'http://a'}}]"))
                .matches(PictureScan::pointsElsewhere);
        assertThat(messages("[{'type':'image_url','image_url':{'url':'" + DATA + "A".repeat(5_000) + "'}}]"))
                .matches(scan -> !scan.pointsElsewhere());
    }

    @Test
    void wordsOfToolsAndTextsAreNoPictures() {
        String picture = "{'type':'image','source':{'type':'url','url':'http://a'},'image_url':'http://b'}";

        for (String document : new String[] {
            "{'tools':[" + picture + "],'messages':[]}",
            "{'messages':[{'role':'user','content':'\\\"type\\\":\\\"image\\\" http://a'}]}",
            "{'messages':[{'content':[{'type':'tool_use','name':'draw','input':" + picture + "}]}]}",
            "{'messages':[{'content':[{'type':'search_result','source':'https://a','content':[]}]}]}",
            "{'messages':[{'tool_calls':[{'function':{'arguments':" + picture + "}}]}]}",
            "{'metadata':{'messages':[" + picture + "]}}",
            "{'messages':[{'role':'user','content':[{'type':'text','text':'image'}]}],'type':'image'}"
        })
            assertThat(scanned(document))
                    .as(document)
                    .matches(scan -> !scan.hasPictures() && !scan.pointsElsewhere() && !scan.hasSound());
    }

    @Test
    void whereThePiecesAreCutNeverChangesTheAnswer() {
        byte[] bytes = quoted(
                        "{'messages':[{'role':'user','content':[{'type':'im\\u0061ge_url',"
                                + "'image_url':{'detail':'low','url':'\\u0068ttp:\\/\\/a'}},{'type':'text','text':'\\\"{['}]}]}")
                .getBytes(UTF_8);

        for (int a = 0; a <= bytes.length; a++) {
            var scan = new PictureScan();
            scan.feed(bytes, 0, a);
            for (int i = a; i < bytes.length; i++) scan.feed(bytes, i, i + 1);

            assertThat(scan).as("cut at %d", a).matches(one -> one.hasPictures() && one.pointsElsewhere());
        }
    }

    private static PictureScan messages(String content) {
        return scanned("{'model':'m','messages':[{'role':'user','content':" + content + "}],'stream':true}");
    }

    private static PictureScan scanned(String json) {
        byte[] bytes = quoted(json).getBytes(UTF_8);
        var scan = new PictureScan();
        scan.feed(bytes, 0, bytes.length);
        return scan;
    }

    private static String quoted(String json) {
        return json.replace('\'', '"');
    }
}
