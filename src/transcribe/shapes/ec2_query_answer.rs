//! The answer of EC2's query API to `DescribeInstances`, in XML → the JSON that `aws ec2 describe-instances` prints.

use std::collections::BTreeSet;

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

/// Elements and texts of an answer: a megabyte has fewer than 100,000.
const MAX_NODES: u32 = 1 << 20;
/// Elements inside each other: an instance's deepest has eleven.
const MAX_DEPTH: usize = 32;
/// Attributes of an element: an answer has `xmlns` at its root, and no other. A parser compares each with all others.
const MAX_ATTRIBUTES: usize = 64;
/// Namespaces: each element that declares one has those of all elements around it, too.
const MAX_NAMESPACES: usize = 8;

/// Names that the command spells otherwise than with a capital; and, of lists, without `Set`.
const RENAMED: [(&str, &str); 15] = [
    ("reservationSet", "Reservations"),
    ("instancesSet", "Instances"),
    ("groupSet", "Groups"),
    ("tagSet", "Tags"),
    ("networkInterfaceSet", "NetworkInterfaces"),
    ("privateIpAddressesSet", "PrivateIpAddresses"),
    ("ipv6AddressesSet", "Ipv6Addresses"),
    ("ipv4PrefixSet", "Ipv4Prefixes"),
    ("ipv6PrefixSet", "Ipv6Prefixes"),
    ("blockDeviceMapping", "BlockDeviceMappings"),
    ("dnsName", "PublicDnsName"),
    ("ipAddress", "PublicIpAddress"),
    ("instanceState", "State"),
    ("reason", "StateTransitionReason"),
    ("elasticInferenceAcceleratorAssociationSet", "ElasticInferenceAcceleratorAssociations"),
];
/// What the command prints as a number.
const NUMBERS: [&str; 5] =
    ["amiLaunchIndex", "deviceIndex", "networkCardIndex", "partitionNumber", "httpPutResponseHopLimit"];
const LIST_ITEM: &str = "item";
/// Elements whose text is somebody's own, blanks around it included.
const VERBATIM: [&str; 2] = ["key", "value"];

/// True if a text is XML of an API, and not a page.
pub(crate) fn is_answer(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let root = text.split_once("?>").filter(|_| text.starts_with("<?xml")).map_or(text, |(_, rest)| rest);
    let root = root.trim_start();
    root.starts_with("<DescribeInstancesResponse") || root.starts_with("<Response")
}

/// The JSON of an answer; `Err` says what is wrong with it, as the predicate of a sentence.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let document = parse(text)?;
    let root = document.root_element();
    if let Some(error) = error_of(&root) {
        return Err(format!("it is an error of the API: {error}"));
    }
    if root.tag_name().name() != "DescribeInstancesResponse" {
        return Err("it is XML of something else than DescribeInstances".to_owned());
    }
    if root.descendants().any(|node| node.ancestors().nth(MAX_DEPTH).is_some()) {
        return Err(format!("its elements are more than {MAX_DEPTH} deep"));
    }
    match root.descendants().find_map(|node| loss_in(&node)) {
        Some(loss) => Err(format!("it has {loss}")),
        None => Ok(object(&root)),
    }
}

/// What JSON has no place for: an element that stands twice and is no item of a list, one beside items, whose name would be
/// lost, or text beside elements.
fn loss_in(node: &Node<'_, '_>) -> Option<String> {
    let parent = node.tag_name().name();
    let names = || node.children().filter(Node::is_element).map(|child| child.tag_name().name());
    names().next()?;
    let mut texts = node.children().filter(Node::is_text).filter_map(|part| part.text());
    if texts.any(|text| !text.trim().is_empty()) {
        return Some(format!("text beside the elements of <{parent}>"));
    }
    let mut others = names().filter(|name| *name != LIST_ITEM);
    if names().any(|name| name == LIST_ITEM) {
        return others.next().map(|name| format!("<{name}> beside the items of <{parent}>"));
    }
    let mut seen = BTreeSet::new();
    others.find(|name| !seen.insert(*name)).map(|name| format!("<{name}> twice in <{parent}>"))
}

/// "InvalidInstanceID.NotFound: The instance ID 'i-1' does not exist", if that is what a text says.
pub(crate) fn error(text: &str) -> Option<String> {
    error_of(&parse(text).ok()?.root_element())
}

fn parse(text: &str) -> Result<Document<'_>, String> {
    limit_attributes(text)?;
    let options =
        roxmltree::ParsingOptions { nodes_limit: MAX_NODES, ..roxmltree::ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| format!("it is no XML: {error}"))
}

/// Refuses what a parser needs the square of its length for.
fn limit_attributes(text: &str) -> Result<(), String> {
    let mut namespaces = 0;
    // No `<` is in the value of an attribute.
    for tag in text.split('<').skip(1).filter(|tag| !tag.starts_with(['!', '?'])) {
        let (mut quote, mut attributes, mut end) = (None, 0, tag.len());
        for (at, byte) in tag.bytes().enumerate() {
            match (quote, byte) {
                (None, b'\'' | b'"') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                (None, b'=') => attributes += 1,
                (None, b'>') => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        namespaces += tag.get(..end).unwrap_or(tag).matches("xmlns").count();
        if attributes > MAX_ATTRIBUTES {
            return Err(format!("an element of its XML has more than {MAX_ATTRIBUTES} attributes"));
        }
    }
    if namespaces > MAX_NAMESPACES {
        return Err(format!("its XML has more than {MAX_NAMESPACES} namespaces"));
    }
    Ok(())
}

fn error_of(root: &Node<'_, '_>) -> Option<String> {
    let error = root.descendants().find(|node| node.has_tag_name("Error"))?;
    let said =
        |name: &str| error.children().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
    Some(format!("{}: {}", said("Code")?.trim(), said("Message").unwrap_or_default().trim()))
}

fn object(node: &Node<'_, '_>) -> Value {
    let members: Map<String, Value> =
        node.children().filter(Node::is_element).map(|child| (name_of(&child), value(&child))).collect();
    Value::Object(members)
}

fn value(node: &Node<'_, '_>) -> Value {
    let name = node.tag_name().name();
    let mut elements = node.children().filter(Node::is_element).peekable();
    let Some(first) = elements.peek() else {
        if name.ends_with("Set") {
            return Value::Array(vec![]);
        }
        // Comments divide a text.
        let text: String = node.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
        let text = if VERBATIM.contains(&name) { &text } else { text.trim() };
        let number = text.parse::<u64>().ok().filter(|_| NUMBERS.contains(&name));
        return number.map_or_else(|| Value::from(text), Value::from);
    };
    if first.tag_name().name() == LIST_ITEM {
        elements.map(|item| value(&item)).collect()
    } else {
        object(node)
    }
}

fn name_of(node: &Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    let is_of_instance = || {
        let above = node.parent().and_then(|item| item.parent_element());
        above.is_some_and(|list| list.tag_name().name() == "instancesSet")
    };
    if name == "groupSet" && is_of_instance() {
        return "SecurityGroups".to_owned();
    }
    if let Some((_, renamed)) = RENAMED.iter().find(|(own, _)| *own == name) {
        return (*renamed).to_owned();
    }
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_what_the_command_prints() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>x</requestId>
 <reservationSet><item><reservationId>r-1</reservationId><ownerId>111122223333</ownerId><groupSet/>
  <instancesSet><item><instanceId>i-1</instanceId><dnsName/><amiLaunchIndex>0</amiLaunchIndex>
   <groupSet><item><groupId>sg-1</groupId><groupName>web</groupName></item></groupSet>
   <networkInterfaceSet><item><macAddress>02:00:00:00:00:01</macAddress>
     <groupSet><item><groupId>sg-1</groupId></item></groupSet>
     <attachment><deviceIndex>0</deviceIndex></attachment>
     <association><publicIp>203.0.113.7</publicIp></association></item></networkInterfaceSet>
   <tagSet><item><key>Name</key><value> a &amp; b=xmlns </value></item></tagSet>
   <iamInstanceProfile><arn>arn:aws:iam::111122223333:instance-profile/web</arn></iamInstanceProfile>
  </item></instancesSet></item></reservationSet></DescribeInstancesResponse>"#;
        let expected = json!({"RequestId": "x", "Reservations": [{
            "ReservationId": "r-1", "OwnerId": "111122223333", "Groups": [],
            "Instances": [{
                "InstanceId": "i-1", "PublicDnsName": "", "AmiLaunchIndex": 0,
                "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}],
                "NetworkInterfaces": [{
                    "MacAddress": "02:00:00:00:00:01", "Groups": [{"GroupId": "sg-1"}], "Attachment": {"DeviceIndex": 0},
                    "Association": {"PublicIp": "203.0.113.7"},
                }],
                "Tags": [{"Key": "Name", "Value": " a & b=xmlns "}],
                "IamInstanceProfile": {"Arn": "arn:aws:iam::111122223333:instance-profile/web"},
            }],
        }]});
        assert!(is_answer(text));
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn what_is_no_such_answer_is_refused_in_a_sentence() {
        let deep = format!(
            "<DescribeInstancesResponse>{}{}</DescribeInstancesResponse>",
            "<a>".repeat(40),
            "</a>".repeat(40)
        );
        let attributes = |count: usize| (0..count).map(|n| format!(" a{n}='>'")).collect::<Vec<_>>().concat();
        let wide = format!("<DescribeInstancesResponse{}/>", attributes(65));
        let of_names = |count: usize| {
            format!(
                "<DescribeInstancesResponse>{}{}</DescribeInstancesResponse>",
                "<a xmlns='b'>".repeat(count),
                "</a>".repeat(count)
            )
        };
        let named = of_names(9);
        assert!(read(&of_names(8)).is_ok());
        let many =
            format!("<DescribeInstancesResponse>{}</DescribeInstancesResponse>", "<a/>".repeat(1 << 20));
        let narrow = format!("<DescribeInstancesResponse{}/>", attributes(64));
        assert_eq!(read(&narrow), Ok(json!({})));
        // Signs in a value are none of attributes, and another quote does not end it.
        let quoted =
            format!("<DescribeInstancesResponse a=\"'{}'\" b='\"{}'/>", "=".repeat(65), "=".repeat(65));
        assert_eq!(read(&quoted), Ok(json!({})));
        assert_eq!(error(&wide), None);
        let laughs =
            "<!DOCTYPE a [<!ENTITY a \"ha\">]><DescribeInstancesResponse>&a;</DescribeInstancesResponse>";
        for (text, expected) in [
            (
                "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>no i-1</Message></Error></Errors></Response>",
                "it is an error of the API: InvalidInstanceID.NotFound: no i-1",
            ),
            ("<Response/>", "it is XML of something else than DescribeInstances"),
            ("<DescribeInstancesResponse>", "it is no XML: "),
            (deep.as_str(), "its elements are more than 32 deep"),
            (laughs, "it is no XML: "),
            (wide.as_str(), "an element of its XML has more than 64 attributes"),
            (named.as_str(), "its XML has more than 8 namespaces"),
            (many.as_str(), "it is no XML: "),
        ] {
            let found = read(text).expect_err("it is no answer");
            assert!(found.starts_with(expected), "expected {expected:?} of {text:.80}, found {found:?}");
        }
        assert!(!is_answer("<html></html>") && !is_answer("{}"));
    }

    #[test]
    fn no_text_and_no_element_is_lost() {
        let of = |content: &str| {
            read(&format!("<DescribeInstancesResponse>{content}</DescribeInstancesResponse>"))
        };
        assert_eq!(of("<a>i-<!-- an id -->1<![CDATA[2]]></a>"), Ok(json!({"A": "i-12"})));
        assert_eq!(of("<aSet><item>1</item><item>2</item></aSet>"), Ok(json!({"ASet": ["1", "2"]})));
        let signs = format!("{}{}", "=".repeat(65), "xmlns ".repeat(9));
        assert_eq!(of(&format!("<a>{signs}</a>")), Ok(json!({"A": signs.trim_end()})));
        assert_eq!(of("<a><b/><c/><b>1</b></a>"), Err("it has <b> twice in <a>".to_owned()));
        for list in ["<item>1</item><b>2</b>", "<b>2</b><item>1</item>", "<item/><item/><b><item/></b>"] {
            let found = of(&format!("<a>{list}</a>"));
            assert_eq!(found, Err("it has <b> beside the items of <a>".to_owned()), "of {list}");
        }
        let text = of("<a>x<b/></a>");
        assert_eq!(text, Err("it has text beside the elements of <a>".to_owned()));
    }
}
