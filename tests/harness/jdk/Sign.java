// Signs Body/Content as the JDK's own XML-DSig does: a second engine for the forms that other tools cannot write.
// Usage: java Sign.java KEY.der CERTIFICATE.der, and on each line of standard input, between tabs:
// form, envelope, where to write it signed. Key: PKCS #8. Needs a JDK of 17 or later and nothing else.
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.List;
import javax.xml.crypto.dom.DOMStructure;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignatureMethod;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLObject;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.RSAPSSParameterSpec;
import javax.xml.crypto.dsig.spec.SignatureMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

public class Sign {
  static final XMLSignatureFactory SIGNATURES = XMLSignatureFactory.getInstance("DOM");
  static final String SHORT = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
  static final String RSA_256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

  public static void main(String[] given) throws Exception {
    PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(given[0]))));
    X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(given[1]))));
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] job = line.split("\t");
      sign(job[0], Path.of(job[1]), Path.of(job[2]), key, certificate);
    }
  }

  static void sign(String form, Path from, Path to, PrivateKey key, X509Certificate certificate) throws Exception {
    DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
    documents.setNamespaceAware(true);
    Document document = documents.newDocumentBuilder().parse(from.toFile());
    Element content = (Element) document.getElementsByTagName("Content").item(0);
    content.setAttribute("Id", "content");
    content.setIdAttribute("Id", true);
    Element place = place((Element) content.getParentNode());

    List<Transform> transforms = new ArrayList<>();
    if (form.startsWith("enveloped")) {
      transforms.add(SIGNATURES.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null));
    }
    if (form.equals("enveloped-exclusive")) {
      transforms.add(SIGNATURES.newCanonicalizationMethod(CanonicalizationMethod.EXCLUSIVE, (C14NMethodParameterSpec) null));
    }
    List<Reference> references = new ArrayList<>();
    references.add(reference("#content", transforms));
    List<XMLObject> objects = new ArrayList<>();
    if (form.equals("signing-time")) {
      Element time = document.createElementNS("http://example.org/#signatureProperties", "SigningTime");
      time.setAttributeNS("http://www.w3.org/2000/xmlns/", "xmlns", "http://example.org/#signatureProperties");
      time.setTextContent("2026-03-02T07:10:00");
      var property = SIGNATURES.newSignatureProperty(List.of(new DOMStructure(time)), "#nnt", null);
      var properties = SIGNATURES.newSignatureProperties(List.of(property), "signing-time");
      objects.add(SIGNATURES.newXMLObject(List.of(properties), null, null, null));
      references.add(reference("#signing-time", List.of()));
    }
    KeyInfoFactory infos = SIGNATURES.getKeyInfoFactory();
    KeyInfo info = infos.newKeyInfo(List.of(infos.newX509Data(List.of(certificate))));
    var signed = SIGNATURES.newSignedInfo(
        SIGNATURES.newCanonicalizationMethod(CanonicalizationMethod.INCLUSIVE, (C14NMethodParameterSpec) null), method(form), references);
    SIGNATURES.newXMLSignature(signed, info, objects, "nnt", null).sign(new DOMSignContext(key, place));
    TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(to.toFile()));
  }

  static Element place(Element body) {
    for (Node child = body.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child.getNodeName().equals("Signature")) {
        return (Element) child;
      }
    }
    return (Element) body.appendChild(body.getOwnerDocument().createElement("Signature"));
  }

  static Reference reference(String uri, List<Transform> transforms) throws Exception {
    return SIGNATURES.newReference(uri, SIGNATURES.newDigestMethod(DigestMethod.SHA256, null), transforms, null, null);
  }

  static SignatureMethod method(String form) throws Exception {
    if (form.equals("rsa-pss")) {
      return SIGNATURES.newSignatureMethod(SignatureMethod.RSA_PSS, (SignatureMethodParameterSpec) null);
    }
    if (form.startsWith("rsa-pss-")) {
      String digest = "SHA-" + form.substring(8);
      int salt = Integer.parseInt(form.substring(8)) / 8;
      var said = new PSSParameterSpec(digest, "MGF1", new MGF1ParameterSpec(digest), salt, PSSParameterSpec.TRAILER_FIELD_BC);
      return SIGNATURES.newSignatureMethod(SignatureMethod.RSA_PSS, new RSAPSSParameterSpec(said));
    }
    return SIGNATURES.newSignatureMethod(form.equals("short-name") ? SHORT : RSA_256, (SignatureMethodParameterSpec) null);
  }
}
