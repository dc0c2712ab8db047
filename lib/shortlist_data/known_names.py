"""Names of columns and events in other systems, which an import offers to read.

They come from exports of shops and trackers (Shopify, Magento, WooCommerce, Google Analytics, Segment, Matomo), from
other recommenders (Gorse, RecBole, Merlin, Metarank, Recombee, Amazon Personalize, Google's Retail API), from published
data sets (MovieLens, Amazon, Yelp, H&M, Instacart, RetailRocket, Taobao, Otto, Last.fm, Criteo), and from tables that
people keep in English, German, French and Spanish. All are written as `shortlist_data.columns.plain_name` makes them.
"""

from __future__ import annotations

_ITEM = """
    item iid product productid productcode sku productsku itemsku itemnumber itemcode lineitemsku variantsku asin
    parentasin articleid article articlenumber articlecode stockcode movieid movie filmid film bookid isbn businessid
    venueid artistid artid trackid traid songid videoid newsid contentid documentid docid adid campaignid campaign
    offerid listingid animeid gameid appid recipeid beerid placeid poiid locationid courseid jobid hotelid gmapid postid
    aid goodsid ean gtin upc artikelnummer artikelnr artnr artikelid artikel produktnummer produktid produkt
    materialnummer idproducto producto idarticle idproduit produit refproduit productname itemname lineitemname
"""
_USER = """
    user uid customerid customeruserid customernumber customerno customer clientid client cid customeruser shopperid
    buyerid buyer memberid member accountid account visitorid visitor reviewerid reviewer profileid subscriberid
    viewerid readerid listenerid playerid personid userpseudoid anonymousid fullvisitorid distinctid domainuserid
    idvisitor cookieid householdkey householdid contactid authorid deviceid customeremail emailaddress email
    kundennummer kundennr kdnr kundenid kunde käufer nutzerid nutzer benutzerid benutzer idcliente cliente usuario
    idclient utilisateur
"""

NAMES = {
    "interactions": {
        "user_id": f"{_USER} sessionid session visitid",
        "item_id": _ITEM,
        "timestamp": """
            time ts datetime date eventtime eventtimestamp timestampms unixtimestamp unixtime unixreviewtime reviewtime
            createdat created creationtime datecreated dateadded orderdate orderedat ordertime orderpurchasetimestamp
            purchasedate purchasedat purchasetime transactiondate transactiontime tdat invoicedate saledate salesdate
            paidat processedat viewedat clicktime clickedat occurredat eventdate eventdatetime servertime
            collectortstamp originaltimestamp ratedat playedat watchedat listenedat boughtat sentat receivedat
            utctimestamp utctime zeitstempel zeitpunkt datum zeit bestelldatum kaufdatum rechnungsdatum fechahora fecha
            horodatage dateheure updatedat lastupdated day
        """,
        "event_type": """
            event type eventname action actiontype behavior behaviortype behaviour feedbacktype interactiontype
            activitytype activity verb ereignis aktion
        """,
        "value": """
            eventvalue rating stars overall score bookrating userrating weight quantity qty qtyordered quantityordered
            lineitemquantity amount units plays playcount hoursplayed duration playtime watchtime menge anzahl bewertung
            cantidad quantite quantité
        """,
        "session_id": """
            session visitid gasessionid invoice invoiceno invoiceid invoicenumber orderid ordernumber basketid
            transactionid cartid receiptid ticketid impressionid bestellnummer rechnungsnummer
        """,
    },
    "items": {
        "item_id": f"{_ITEM} id handle code",
        "title": """
            name productname producttitle itemname itemtitle prodname articlename movietitle booktitle headline
            displayname label titel bezeichnung produktname artikelname artikelbezeichnung nombre titulo nom titre
            libelle designation
        """,
        "text": """
            description desc productdescription bodyhtml longdescription shortdescription detaildesc details abstract
            summary overview synopsis content body comment features beschreibung kurzbeschreibung produktbeschreibung
            descripcion
        """,
        "categories": """
            category categoryid categoryname productcategory itemcategory maincategory producttype productgroup
            productgroupname department departmentname genre genres categoryl1 categorycode tags type kategorie
            kategorien warengruppe categoria categorie
        """,
        "price": """
            unitprice priceamount saleprice regularprice listprice variantprice productprice itemprice retailprice
            baseprice currentprice preis einzelpreis verkaufspreis precio prix
        """,
        "image_path": """
            imagefile imagefilename imagefilepath imgpath imgfile picturepath picturefile photopath photofile bilddatei
            bildpfad
        """,
    },
    "users": {"user_id": f"{_USER} id"},
}
"""Table -> canonical column -> names of others for it, the likeliest first, blanks between."""

RATINGS = frozenset(["rating", "stars", "overall", "score", "bookrating", "userrating", "bewertung"])
"""Names of the values that are ratings."""

_EVENTS = {
    "view": """
        views viewed pageview pv detailpageview viewitem viewproduct viewcontent itemview productview productviewed
        detailview read visit visited watch watched play played stream listen listened open opened
    """,
    "click": "clicks clicked selectitem",
    "cart": "carts addtocart addcart addedtocart productadded cartadd basket addtobasket atc",
    "purchase": """
        purchased purchases buy bought transaction order orders ordered ordercompleted sale sold checkoutcompleted
    """,
    "like": """
        liked likes favorite favourite fav star starred thumbsup upvote bookmark wishlist addtowishlist save saved
        follow love
    """,
    "dislike": "disliked dislikes thumbsdown downvote hide hidden",
    "impression": "impressions shown exposure",
    "rating": "rate rated review reviewed",
}

EVENTS = {word: kind for kind, words in _EVENTS.items() for word in words.split()}
"""Names of others for events, each with the canonical event type."""
